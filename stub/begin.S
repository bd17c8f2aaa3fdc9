/* Entry. The name behind the jump lets others know the program: see docs/bl602-stub-protocol.md. */
    .section .begin, "ax"
    .globl begin
    .option norvc
begin:
    j 1f
    .ascii "RKST"
    .word 1                 /* version of the protocol */
1:  csrci mstatus, 8        /* no interrupts yet */
    la sp, stack_top
    la t0, bss_begin
    la t1, bss_end
2:  bgeu t0, t1, 3f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 2b
3:  la t0, trap
    ori t0, t0, 3           /* vectored by the interrupt controller */
    csrw mtvec, t0
    la t0, vectors
    csrw 0x307, t0          /* mtvt */
    j main

/* An exception is a fault of this program: start over from the ROM. */
    .balign 64
trap:
    j chip_restart

    .balign 256
vectors:
    .rept 45
    .word trap
    .endr
    .word uart_interrupt    /* UART 0 */
