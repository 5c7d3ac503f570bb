"""The command line: options in, exit codes out; it owns no logic that a script could want.

Modules here import typer only; everything else is imported by the command that needs it, so that
`harness --help` answers at once.
"""
