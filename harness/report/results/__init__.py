"""Many runs as one set of tables: finds them, reads what they left, answers SQL.

Owns the views that `harness results` offers. result.json, run.json, point.json and stats.txt are
the truth; `stats.parquet` beside a stats.txt is a copy that is made anew when it is stale. It must
not know how results are drawn.
"""
