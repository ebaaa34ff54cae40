"""What gateways register: resources, applications, and what they tell their users."""
