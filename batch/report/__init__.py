"""What an accountant reads, files and hands to an auditor: the result workbook, the template and the journal.

`verdict` and `result_labels` are used on screens as well, so importing them does not load the library for workbooks.
"""
