"""Reading the text of a PDF or DOCX in a confined process of its own.

``process`` starts the child and bounds it; ``child`` and what it imports run inside, where
there is neither Django nor the database nor a secret, and nothing can be opened any more.
"""
