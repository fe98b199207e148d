assay inspect tdx/quote.bin
