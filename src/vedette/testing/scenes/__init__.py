"""Generated scenes: places with people and vehicles that walk and drive, and the truth about where they are."""
