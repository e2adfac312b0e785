"""The loss as a function of parameters: data, calls, rules and state of a model that is never touched."""
