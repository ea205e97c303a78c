"""Programs for people: doctor, bench, soak and top."""
