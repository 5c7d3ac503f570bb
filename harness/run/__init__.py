"""One run: workload, target and RunSpec in; a run directory with evidence out.

Owns the run directory, run.json, result.json, the pipeline from workload to result, and the
decision whether a run succeeded. It must not print: reports and progress are its callers'.
"""
