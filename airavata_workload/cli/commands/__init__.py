"""The actions behind the commands, one module a group of commands; ``cli.command_table`` names them all."""
