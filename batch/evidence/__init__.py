"""What proves a record to somebody who does not trust who keeps it: signature, time stamp, comparison, archive."""
