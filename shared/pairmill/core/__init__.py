"""Pure records and arithmetic: numpy and pyarrow at most, no store, queue, model or vendor."""
