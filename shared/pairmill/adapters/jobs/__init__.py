"""Jobs: long programs that are started and watched. They know no stage."""
