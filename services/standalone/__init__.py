"""The pipeline in one process: submit, conduct, report, search. Shows nothing."""
