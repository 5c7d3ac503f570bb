"""The report as one HTML file: tables that sort, figures as SVG, no network, same bytes every time.

Owns the page's content and looks. It must not compute: tables show what runs' files hold and what
`analysis` made of it.
"""
