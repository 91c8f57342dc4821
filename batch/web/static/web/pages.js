// What makes the pages livelier. Without it, everything works by links and forms.
