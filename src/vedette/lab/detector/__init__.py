"""The embedded detector of people, vehicles and two-wheelers: pictures, teachers, network, training."""
