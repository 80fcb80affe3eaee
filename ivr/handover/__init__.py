"""What is told of a call to whoever has it next: the document, its size, its links, and its form as vCon."""
