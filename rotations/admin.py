"""Where Django's admin looks: each room's own."""
