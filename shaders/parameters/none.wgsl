// An activation without parameters. Its functions take a placeholder, so that kernels call all activations alike.

alias Params = u32;
