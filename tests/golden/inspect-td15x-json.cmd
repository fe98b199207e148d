assay inspect --json td15x/quote.bin
