"""What follows from a checked sheet, as pure decisions: plan, forecast, retries, doubts, books, repetition."""
