"""Gates over what language models wrote: each weighs one thing and says what decided."""
