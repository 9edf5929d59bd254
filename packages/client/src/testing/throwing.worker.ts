// Worker of the browser tests: throws before it serves.
throw new Error('thrown at start')
