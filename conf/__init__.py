"""The configuration tree; ships as `timegan.conf`."""
