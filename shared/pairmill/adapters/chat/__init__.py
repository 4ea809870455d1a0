"""Chat: models that answer questions. They know no prompt, and not what an answer is for."""
