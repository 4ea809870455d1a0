"""Task queues: doorbells for work that the object store already knows of."""
