"""The result workbook: what an accountant reads, files, and hands to an auditor. `workbook` writes it.

The verdict and the words are used on screens as well, so importing them does not bring the library for workbooks along.
"""
