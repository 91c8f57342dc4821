"""The pure rules: nothing here touches a disk, a clock or a network."""
