"""What is said of a sheet, cell by cell and as a whole: pure rules over a grid."""
