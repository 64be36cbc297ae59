"""Wire schemas: what REST requests and answers look like. Unknown keys in requests are refused."""
