"""The course as a whole: its notebooks made, executed, served and tested."""
