"""The durable record: `facts` say what happened, `chain` binds them, `replay` turns them into what became of a row.

`protocol` is what a runner needs of a ledger; `memory` and `orm` are the two ledgers.
"""
