// An activation without parameters. Its functions take a placeholder, so that every kernel calls all of them alike.

alias Params = u32;
