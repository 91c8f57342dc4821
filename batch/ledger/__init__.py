"""The durable record of batches: what happened, as chained events, and what became of every row by them."""
