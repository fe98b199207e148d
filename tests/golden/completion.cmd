assay completion bash >c.sh && cat c.sh && bash -c '. ./c.sh; COMP_WORDS=(assay verify --co); COMP_CWORD=2; _assay; echo "${COMPREPLY[@]}"'
