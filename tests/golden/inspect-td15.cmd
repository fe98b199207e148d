assay inspect td15/quote.bin
