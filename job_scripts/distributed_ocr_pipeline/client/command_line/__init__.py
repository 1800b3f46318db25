"""From the words of a command line to what does it. It loads little, since --help needs no more.

- `calling`: what `main` does: reads the words, calls the command, and says how it ended.
- `parsers`: the options of each command.
- `arguments`: what the parsers have in common.
- `proposals`: commands that people are told, to be pasted as they are.
"""
