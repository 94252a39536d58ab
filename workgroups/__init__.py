"""Who and when: people, seats, agencies, groups, the chair, meetings."""
