"""What people say when they ask for an edit: words only. Knows no picture and no function.

Each set mixes commands, nouns and questions. {v} is the value, {a} the value with its article. A
phrasing names what the target shows, never what the query image shows.
"""
