"""Engines: generators that train one object and yield its immutable `Fields`, step after step."""
