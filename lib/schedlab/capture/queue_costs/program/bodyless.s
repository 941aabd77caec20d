// A file of this kind allows a function without a body: it is in the runtime.
