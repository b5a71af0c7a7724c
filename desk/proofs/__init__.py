"""What people look at before anything is sent: every channel's rendition, drawn as its readers will see it."""
