"""kgraph: a knowledge graph of claims about alleged war crimes."""

__version__ = "0.1.0"
