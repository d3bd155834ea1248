"""Where Celery looks for tasks: each room's own."""
