"""SMA Companion: a self-hosted FAQ assistant for caregivers of people with spinal muscular atrophy."""
