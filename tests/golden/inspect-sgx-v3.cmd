assay inspect sgx/quote.bin
