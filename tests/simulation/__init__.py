"""The real runner, ledger protocol, retry and settling code against a model of the provider, in one process.

A seed draws the accounts, the sheet, every fault and every crash, and a virtual clock makes waiting free. After each
seed the claims of the ledger are compared with what the model really applied. `python -m tests.simulation 1234` plays
one seed again and tells its story.
"""
